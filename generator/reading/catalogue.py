"""The pages of what is found while reading and decoding: id → what, why, a failing example, the fix.

A file in which one of these is found is not understood in that place; none of them can be ignored or downgraded.
"""

from __future__ import annotations

PAGES: dict[str, str] = {
    "alias": """A value is not repeated through an alias.

    An alias hides from the reviewer what a line says, and a few of them can stand for gigabytes.

    Fails:

        tiers: {standard: &base {}, ultra: *base}

    Fix: write the value out where it is needed; tiers are there to be shared.
    """,
    "ambiguous-scalar": """A text without quotes is that text to every YAML reader.

    YAML 1.1 and YAML 1.2 do not agree on `no`, `on`, `010`, `1e3` or `12:30`, and `4711` or `1.30` is a number to both.
    What Kubernetes would get depends on who reads the file.

    Fails:

        labels: {cost-center: 4711}

    Fix: put the value in quotes: `cost-center: "4711"`.
    """,
    "anchor": """A value has no anchor.

    Anchors exist for aliases, which are not allowed either.

    Fails:

        tiers: {standard: &base {}}

    Fix: remove the anchor.
    """,
    "complex-key": """A key is a plain word or a quoted text.

    Nothing in an organization is named by a list or a map.

    Fails:

        ? [fraud, churn]
        : {tier: standard}

    Fix: write one entry for each name.
    """,
    "control-character": """The file has no control characters.

    They are invisible in a review, and can make a terminal or a web page show something else than what is read.

    Fails: a description with an escape character or a line separator (U+2028) in it; a comment with a character that
    turns the direction of writing (U+202E), so that a reviewer reads other words than a program.

    Fix: remove the character; where it is really meant, write it as an escape in double quotes.
    """,
    "directive": """The file begins without directives.

    A `%YAML` or `%TAG` line changes how the rest is read.

    Fails:

        %YAML 1.1
        ---
        version: 1

    Fix: remove the line.
    """,
    "duplicate-key": """A key is defined once.

    Most readers keep the last of two entries without a word, and the first namespace is lost. This holds across the
    file and its fragments too: a name that two files define has two owners.

    Fails:

        namespaces:
          fraud: {tier: standard}
          fraud: {tier: ultra}

    Fix: keep one of the two.
    """,
    "empty-file": """The file has something in it.

    An empty file is more often an accident (a failed merge, a redirect) than an organization without anything.

    Fails: a file of no bytes, or of comments only.

    Fix: begin with `version: 1`.
    """,
    "file-too-large": """A file, and a file with its fragments, has at most 64 MiB.

    More is never an organization, and would only exhaust the memory of the machine that checks it.

    Fails: a file to which the output of a program was appended.

    Fix: remove what does not belong there, or split the organization with `include`.
    """,
    "include-escapes": """A fragment stands in the folder of the organization's file or below it.

    Otherwise a pull request could make the check read any file of the machine that runs it.

    Fails:

        include: ["../other/*.yaml", /etc/passwd]

    Fix: move the fragment beside the organization's file. A link that leads out of the folder counts as outside.
    """,
    "include-invalid": """What `include` names is a file.

    Fails:

        include: ["teams/**.yaml"]

    Fix: name a file (`teams/fraud.yaml`) or a pattern (`teams/*.yaml`, `teams/**/*.yaml`).
    """,
    "include-repeated": """A fragment is included once.

    Fails:

        include: [teams/fraud.yaml, teams/fraud.yaml]

    Fix: remove one of the two.
    """,
    "include-without-match": """Every entry of `include` matches a file.

    If a fragment is moved or misspelt, its namespaces are gone, and with them everything that is rendered for them.

    Fails:

        include: [teams/fruad.yaml]

    Fix: correct the name; remove the entry if the fragment is gone for good and its namespaces were decommissioned.
    """,
    "invalid-label": """Keys and values of labels and annotations have the form that Kubernetes accepts.

    A key is `name` or `domain/name`, the name with at most 63 letters, digits, `-`, `_` and `.`; a label's value has
    the form of such a name, or is empty. The API server refuses an object with any other.

    Fails:

        labels: {cost center: "R&D"}

    Fix: write `cost-center: R-and-D`; what is to be read by people may stand in an annotation.
    """,
    "invalid-name": """Names have the form that Kubernetes, or Verta, accepts.

    The API server refuses an object of another name; `--` separates cluster and namespace in Verta.

    Fails:

        namespaces: {Fraud_Team: {}}

    Fix: use lower-case letters, digits and single dashes, and at most 63 of them.
    """,
    "invalid-network": """A network is written in CIDR notation.

    A NetworkPolicy with anything else is refused as a whole, and then isolates nothing.

    Fails:

        network: {allowTo: [10.0.0.0]}

    Fix: add the length of the prefix: `10.0.0.0/8`; one address is `10.0.0.1/32`.
    """,
    "invalid-quantity": """An amount of a resource is a Kubernetes quantity.

    That is a number and one of the suffixes m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei; it is not negative.

    Fails:

        quota: {requests.memory: 64gb}

    Fix: `64Gi` (of 1,073,741,824 bytes) or `64G` (of 1,000,000,000).
    """,
    "invalid-text": """A text has the form that its field asks for.

    The message says which: a URL, a version, a folder, a handle of the git host.

    Fails:

        delivery: {engine: flux, repoURL: acme/platform}

    Fix: write it in that form: `https://git.example.com/acme/platform.git`.
    """,
    "merge-key": """Maps are not merged with `<<`.

    YAML 1.2 has no merge keys; a reader of that version takes `<<` for a name. Tiers are there to be shared.

    Fails:

        namespaces: {fraud: {<<: {tier: ultra}}}

    Fix: write the entries out, or move them to a tier.
    """,
    "missing-key": """A key that is needed is there.

    Fails:

        cluster: {name: prod-us}

    Fix: add the key that the message names.
    """,
    "nesting-too-deep": """The file is nested at most 32 levels deep.

    An organization needs eight; a file that is nested deeper is made to exhaust whoever reads it.

    Fails: a thousand opening brackets.

    Fix: remove what does not belong there.
    """,
    "not-utf-8": """The file is UTF-8 text.

    Fails: a description with an umlaut that an editor saved as Latin-1.

    Fix: save the file as UTF-8.
    """,
    "out-of-range": """A number lies between the bounds of its field.

    Fails:

        priorityClass: {value: 2000000000}

    Fix: the message names the bounds; priorities above 1,000,000,000 belong to Kubernetes itself.
    """,
    "several-documents": """One file holds one document.

    A second document would be ignored by some readers, and with it the namespaces in it.

    Fails: a second `---` further down.

    Fix: remove it, or move what follows to a file of its own and name that under `include`.
    """,
    "tag": """A value has no tag.

    Tags make a reader build something else than text, numbers, lists and maps, in the worst case run code.

    Fails:

        description: !secret fraud

    Fix: remove the tag; put a value that begins with `!` in quotes.
    """,
    "typographic-quotes": """A text without quotes does not stand in typographic ones.

    A word processor or a chat turns `"` into `“` and `”`. To YAML these are letters: the value is read with them, and a
    group of that name does not exist.

    Fails:

        groups: {fraud-leads: {subject: “oidc:fraud-leads”}}

    Fix: write `"oidc:fraud-leads"`; where the quotes are meant, put others around them: `'“Fraud”'`.
    """,
    "unknown-key": """A key is one that its place knows.

    A misspelt key would be ignored, and what it says with it: `quotas:` gives a namespace no quota at all.

    Fails:

        namespaces:
          fraud: {quotas: {pods: "10"}}

    Fix: the message names the nearest key, or all that are known there.
    """,
    "unknown-value": """A value is one of the words that its field knows.

    Fails:

        podSecurity: baselin

    Fix: the message names the words.
    """,
    "unknown-version": """The file says which version of the format it is written in.

    Fails:

        version: 2

    Fix: write `version: 1`, or use a release that knows the version.
    """,
    "wrong-type": """A value is what its field asks for: text, a number, a list, a map, `true` or `false`.

    Fails:

        owners: fraud-leads

    Fix: write it in that form: `owners: [fraud-leads]`.
    """,
    "yaml-syntax": """The file is YAML.

    Nothing is known of a file that cannot be read to its end; so all other rules wait until it can.

    Fails:

        description: Fraud: card models

    Fix: the message says what was found and where; most often a value with `: ` in it needs quotes.
    """,
}
"""In the order of the alphabet."""
