"""`python -m generator` is the command `verta-gitops`."""

from generator.cli import main

if __name__ == "__main__":
    main()
