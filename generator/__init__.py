"""verta-gitops turns one declarative `org.yaml` into the Kubernetes manifests of a Verta organization."""
