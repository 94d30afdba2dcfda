"""The organization: what `org.yaml` says, field by field; the classes are the reader, the schema and the help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from generator.model.kinds import (
    Amount,
    Boolean,
    Choice,
    Date,
    Factor,
    Integer,
    ListOf,
    MapOf,
    Removals,
    Struct,
    Text,
    Version,
    key,
)
from generator.model.quantity import Quantity

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_QUALIFIED = rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"

TEXT = Text()
NONEMPTY = Text(r"[\s\S]*\S[\s\S]*", "a text with something in it")
NAME = Text(
    _LABEL, "a name of at most 63 lower-case letters, digits and dashes that begins and ends with one of the former",
    example="fraud", rule="invalid-name",
)  # fmt: skip
SINGLE_DASH_NAME = Text(
    rf"(?!.*--){_LABEL}",
    "a name of at most 63 lower-case letters, digits and single dashes (`--` separates cluster and namespace in Verta)",
    example="fraud", rule="invalid-name",
)  # fmt: skip
OBJECT_NAME = Text(_SUBDOMAIN, "the name of a Kubernetes object", 253, rule="invalid-name")
RBAC_NAME = Text(r"(?!\.\.?$)[^/%\s]+", "the name of a ClusterRole", 253, "view", rule="invalid-name")
LABEL_KEY = Text(_QUALIFIED, "a Kubernetes label key", 317, "cost-center", rule="invalid-label")
LABEL_VALUE = Text(
    r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?",
    "a label value: at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or a digit",
    rule="invalid-label",
)
ANNOTATION_KEY = Text(_QUALIFIED, "a Kubernetes annotation key", 317, rule="invalid-label")
RESOURCE = Text(_QUALIFIED, "the name of a resource", 317, "requests.cpu", rule="invalid-name")
KUBERNETES_VERSION = Text(r"1\.(0|[1-9][0-9]{0,2})", "a Kubernetes version such as 1.33", example="1.33")
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
CIDR = Text(
    rf"({_OCTET}\.){{3}}{_OCTET}/(3[0-2]|[12]?[0-9])|[0-9a-fA-F:]*:[0-9a-fA-F:.]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9])",
    "a network in CIDR notation, such as 10.0.0.0/8", example="10.0.0.0/8", rule="invalid-network",
)  # fmt: skip
REPOSITORY = Text(
    r"(https?|ssh|git|file)://\S+|[\w.-]+@[\w.-]+:\S+", "a git URL", example="https://git.example.com/acme/platform.git"
)
REVISION = Text(r"(?!-)[^\s~^:?*\[\\]+", "a git branch, tag or commit", 255, "refs/heads/main")
FOLDER = Text(
    r"(?!/)(?!(.*/)?\.\.?(/|$))[A-Za-z0-9._/-]*[A-Za-z0-9._-]", "a folder inside the repository", example="rendered"
)
GLOB = Text(r"[^\x00]+", "a file name or pattern", 255, "teams/*.yaml")
IMAGE = Text(
    r"(?=.{1,400}$)([a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?",
    "a container image", example="registry.example.com/verta-gitops:0.1.0",
)  # fmt: skip
NAMESPACE_FORMAT = Text(
    r"[a-z0-9-]*(\{cluster\}[a-z0-9-]*)?\{namespace\}[a-z0-9-]*",
    "a format with {namespace} and, before it, {cluster}", example="{cluster}--{namespace}",
)  # fmt: skip
AMOUNTS = MapOf(RESOURCE, Amount())
ONE_LINE = Text(r"(?!\s)[^\x00-\x1f\x7f\u0085\u2028\u2029]*[^\x00-\x20\x7f\u0085\u2028\u2029]", "a text on one line")
REFERENCE = NONEMPTY
"""A key that is defined elsewhere; whether it exists is asked by a rule, which knows the near misses."""


@dataclass(frozen=True, slots=True)
class Organization:
    """The Verta organization; one organization lives on one cluster."""

    name: str = key(NAME, "Name of the organization; a label on everything that belongs to it.")
    description: str = key(TEXT, "What the organization is for.", default="")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The Kubernetes cluster that the organization runs on."""

    name: str = key(SINGLE_DASH_NAME, "Verta's name of the cluster.")
    kubernetes_version: str = key(KUBERNETES_VERSION, "Version of the cluster's API server, such as 1.33.")
    capacity: Mapping[str, Quantity] = key(
        AMOUNTS,
        "What the cluster can give in all, by quota resource (requests.cpu, requests.memory, pods …).",
        default={},
    )
    largest_node: Mapping[str, Quantity] = key(
        AMOUNTS, "What its largest node can give to one container (cpu, memory, nvidia.com/gpu).", default={}
    )
    overcommit: Mapping[str, Decimal] = key(
        MapOf(RESOURCE, Factor()), "Promised over capacity, by resource; 1.0 where not given.", default={}
    )
    api_server: tuple[str, ...] = key(
        ListOf(CIDR),
        "Where the API server is, for namespaces with restricted egress; private networks where not given.",
        default=(),
    )


@dataclass(frozen=True, slots=True)
class Deployer:
    """The service account with which Verta deploys endpoints into a namespace."""

    service_account: str = key(OBJECT_NAME, "Name of the service account.")
    namespace: str = key(NAME, "Namespace of the service account; the primary namespace where not given.", default="")
    cluster_role: str = key(RBAC_NAME, "ClusterRole that it gets in every namespace.", default="edit")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What of Verta must run in every namespace."""

    selector: str = key(NONEMPTY, "Label selector of the pods that must run there.")


@dataclass(frozen=True, slots=True)
class Sync:
    """A CronJob in the primary namespace that brings Verta to what is declared in the cluster."""

    image: str = key(IMAGE, "Image of verta-gitops, best with its digest.")
    secret_name: str = key(OBJECT_NAME, "Secret in the primary namespace with VERTA_HOST and the credentials.")
    schedule: str = key(ONE_LINE, "When it runs, as a cron schedule in UTC.", default="*/15 * * * *")


@dataclass(frozen=True, slots=True)
class Verta:
    """How Verta is set up on the cluster."""

    multiple_namespaces: bool = key(
        Boolean(),
        "Whether Verta enabled multiple namespaces; if not, all workspaces live in the primary one.",
        default=True,
    )
    permission_model: str = key(
        Choice(("workspaces", "organizations")),
        "`organizations` before the new permission system, where the mapping was on the organization.",
        default="workspaces",
    )
    primary_namespace: str = key(
        SINGLE_DASH_NAME, "Namespace of Verta itself, where unmapped workspaces fall back to.", default="default"
    )
    namespace_format: str = key(NAMESPACE_FORMAT, "How Verta writes a mapping.", default="{cluster}--{namespace}")
    deployer: Deployer | None = key(
        Struct(Deployer), "Service account that deploys endpoints; gets a RoleBinding in every namespace.", default=None
    )
    runtime: Runtime | None = key(Struct(Runtime), "What of Verta must run in every namespace.", default=None)
    permissions: str = key(
        Choice(("additive", "exact")),
        "`exact` revokes grants in Verta that nobody declares; `additive` reports them.",
        default="additive",
    )
    sync: Sync | None = key(Struct(Sync), "A CronJob that applies all this to Verta.", default=None)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where Argo CD deploys to: the address of a cluster, or the name that Argo CD knows it by."""

    server: str = key(
        Text(r"https?://\S+", "a URL of an API server", example="https://kubernetes.default.svc"),
        "Address of the API server as Argo CD knows it.", default="",
    )  # fmt: skip
    name: str = key(NONEMPTY, "Name of the cluster as Argo CD knows it.", default="")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who applies the manifests, and from where."""

    engine: str = key(Choice(("none", "argocd", "flux")), "Engine that applies `rendered/`.", default="none")
    repo_url: str = key(REPOSITORY, "Repository that the engine reads.", default="", name="repoURL")
    revision: str = key(REVISION, "Branch, tag or commit that the engine follows.", default="refs/heads/main")
    path: str = key(FOLDER, "Folder of the rendered manifests in that repository.", default="rendered")
    engine_namespace: str = key(NAME, "Namespace of the engine; argocd or flux-system where not given.", default="")
    secret_name: str = key(
        OBJECT_NAME, "Secret in the engine's namespace with the credentials of the repository; Flux only.", default=""
    )
    destination: Destination | None = key(
        Struct(Destination), "Cluster to deploy to; Argo CD only, its own cluster where not given.", default=None
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """What every change must respect."""

    required_labels: tuple[str, ...] = key(ListOf(LABEL_KEY), "Labels that every namespace must state.", default=())
    max_removals: str = key(Removals(), "Most removals in one change, as a count or a share.", default="10%")
    platform_owners: tuple[str, ...] = key(
        ListOf(REFERENCE), "Groups that own org.yaml, templates and settings in CODEOWNERS.", default=()
    )


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where nothing is said."""

    tier: str = key(REFERENCE, "Tier of a namespace that names none.", default="")


@dataclass(frozen=True, slots=True)
class Container:
    """Limits of a single container: a LimitRange of type Container."""

    default_request: Mapping[str, Quantity] = key(AMOUNTS, "Request of a container that states none.", default={})
    default: Mapping[str, Quantity] = key(AMOUNTS, "Limit of a container that states none.", default={})
    max: Mapping[str, Quantity] = key(AMOUNTS, "Most that a container may ask for.", default={})
    min: Mapping[str, Quantity] = key(AMOUNTS, "Least that a container must ask for.", default={})


@dataclass(frozen=True, slots=True)
class Network:
    """Who may connect in, and where pods may connect to. What is not said here is taken from the tier."""

    isolation: str | None = key(
        Choice(("none", "namespace")),
        "`namespace`: only the namespace itself, Verta and `allowFrom` connect in. The default.",
        default=None,
    )  # fmt: skip
    egress: str | None = key(
        Choice(("open", "restricted")),
        "`restricted`: out only to DNS, the API server, Verta, the namespace itself and `allowTo`. Default: open.",
        default=None,
    )
    allow_from: tuple[str, ...] | None = key(ListOf(REFERENCE), "Namespaces that may connect in.", default=None)
    allow_to: tuple[str, ...] | None = key(ListOf(CIDR), "Networks that pods may connect to.", default=None)


@dataclass(frozen=True, slots=True)
class PriorityClass:
    """The priority of a tier's pods."""

    value: int = key(Integer(-(2**31), 10**9), "Higher is scheduled first; cannot be changed later.")


POD_SECURITY = Choice(("baseline", "restricted", "privileged"))


@dataclass(frozen=True, slots=True)
class Tier:
    """A service level: what a namespace of it gets."""

    name: str
    description: str = key(TEXT, "What the tier is for.", default="")
    quota: Mapping[str, Quantity] = key(AMOUNTS, "Most that a namespace may use in all.", default={})
    container: Container | None = key(Struct(Container), "Limits of a single container.", default=None)
    pod_security: str | None = key(POD_SECURITY, "Pod security level; baseline where not given.", default=None)
    pod_security_reason: str = key(NONEMPTY, "Why pods may be privileged.", default="")
    network: Network | None = key(Struct(Network), "Who may connect in and out.", default=None)
    priority_class: PriorityClass | None = key(
        Struct(PriorityClass), "A PriorityClass for the tier's pods, named verta-gitops-<tier>.", default=None
    )


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people, under its name in each system; the key where not given."""

    name: str
    subject: str = key(ONE_LINE, "Name of the group to Kubernetes (the OIDC claim with its prefix).", default="")
    verta: str = key(NONEMPTY, "Name of the group in Verta.", default="")
    codeowner: str = key(
        Text(r"@\S+|[^\s@]+@[^\s@]+", "a handle such as @acme/fraud", example="@acme/fraud"),
        "Handle of the group at the git host.", default="",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RbacRule:
    """What may be done to which resources, as in a ClusterRole."""

    api_groups: tuple[str, ...] = key(ListOf(TEXT), 'API groups; "" is the core group.')
    resources: tuple[str, ...] = key(ListOf(NONEMPTY), "Resources, such as pods or pods/log.")
    verbs: tuple[str, ...] = key(ListOf(NONEMPTY), "Verbs, such as get, list, watch.")
    resource_names: tuple[str, ...] = key(ListOf(NONEMPTY), "Only objects of these names.", default=())


@dataclass(frozen=True, slots=True)
class Role:
    """What a group may do in a workspace: in Verta, in Kubernetes, or in both."""

    name: str
    verta: str = key(NONEMPTY, "Name of the role in Verta; without it, the role gives nothing there.", default="")
    cluster_role: str = key(RBAC_NAME, "ClusterRole that the group gets in the workspace's namespace.", default="")
    rules: tuple[RbacRule, ...] = key(
        ListOf(Struct(RbacRule)), "Instead of clusterRole: rules of a ClusterRole of our own.", default=()
    )


@dataclass(frozen=True, slots=True)
class TeamProject:
    """An Argo CD project for the team's own applications in its namespace."""

    source_repos: tuple[str, ...] = key(ListOf(REPOSITORY), "Repositories that the team deploys from.")


STATES = ("active", "frozen", "decommission")


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of the cluster, for one workspace."""

    name: str
    tier: str = key(REFERENCE, "Tier of the namespace; defaults.tier where not given.", default="")
    owners: tuple[str, ...] = key(ListOf(REFERENCE), "Groups that answer for it.", default=())
    labels: Mapping[str, str] = key(MapOf(LABEL_KEY, LABEL_VALUE), "Labels of the Namespace.", default={})
    annotations: Mapping[str, str] = key(MapOf(ANNOTATION_KEY, TEXT), "Annotations of the Namespace.", default={})
    quota: Mapping[str, Quantity] = key(AMOUNTS, "Laid over the tier's quota, key by key.", default={})
    container: Container | None = key(Struct(Container), "Laid over the tier's container limits.", default=None)
    pod_security: str | None = key(POD_SECURITY, "Instead of the tier's pod security level.", default=None)
    pod_security_reason: str = key(NONEMPTY, "Why pod security is weaker than the tier's.", default="")
    network: Network | None = key(Struct(Network), "Laid over the tier's network rules.", default=None)
    state: str = key(
        Choice(STATES), "frozen: nothing new starts. decommission: frozen, and may be removed next.", default="active"
    )
    argocd: TeamProject | None = key(
        Struct(TeamProject), "An Argo CD project for the team's own applications.", default=None
    )


@dataclass(frozen=True, slots=True)
class Access:
    """One grant: a group gets a role in the workspace."""

    group: str = key(REFERENCE, "Key of a group.")
    role: str = key(REFERENCE, "Key of a role.")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Verta workspace, mapped to one namespace for ever."""

    name: str
    namespace: str = key(REFERENCE, "Namespace that its endpoints run in; cannot be changed later.", default="")
    kind: str = key(Choice(("team", "personal")), "`team`; personal workspaces are decommissioned.", default="team")
    description: str = key(TEXT, "What the workspace is for.", default="")
    access: tuple[Access, ...] = key(ListOf(Struct(Access)), "Who may do what in it.", default=())
    legacy: bool = key(
        Boolean(),
        "From before multiple namespaces: lives in the primary namespace until it is assigned one.",
        default=False,
    )


@dataclass(frozen=True, slots=True)
class Retired:
    """A tombstone: this namespace existed, and its name is not used again by accident."""

    name: str
    workspace: str = key(NONEMPTY, "Workspace that it belonged to.", default="")
    on: str = key(Date(), "Day of the removal.", default="")


@dataclass(frozen=True, slots=True)
class Org:
    """An organization: everything that `org.yaml` and its fragments say."""

    version: int = key(Version(), "Version of this format: 1.")
    organization: Organization = key(Struct(Organization), "The Verta organization.")
    cluster: Cluster = key(Struct(Cluster), "The Kubernetes cluster.")
    include: tuple[str, ...] = key(
        ListOf(GLOB), "Fragments beside this file, each with `namespaces` and `workspaces` only.", default=()
    )
    verta: Verta = key(Struct(Verta), "How Verta is set up.", default=Verta())
    delivery: Delivery = key(Struct(Delivery), "Who applies the manifests.", default=Delivery())
    policy: Policy = key(Struct(Policy), "What every change must respect.", default=Policy())
    defaults: Defaults = key(Struct(Defaults), "What holds where nothing is said.", default=Defaults())
    tiers: Mapping[str, Tier] = key(MapOf(NAME, Struct(Tier, keyed=True)), "Service levels.", default={})
    groups: Mapping[str, Group] = key(MapOf(NAME, Struct(Group, keyed=True)), "Groups of people.", default={})
    roles: Mapping[str, Role] = key(MapOf(NAME, Struct(Role, keyed=True)), "What groups may do.", default={})
    namespaces: Mapping[str, Namespace] = key(
        MapOf(SINGLE_DASH_NAME, Struct(Namespace, keyed=True)), "Namespaces, by name.", default={}
    )
    workspaces: Mapping[str, Workspace] = key(
        MapOf(NONEMPTY, Struct(Workspace, keyed=True)), "Workspaces, by name.", default={}
    )
    retired: Mapping[str, Retired] = key(
        MapOf(SINGLE_DASH_NAME, Struct(Retired, keyed=True)), "Namespaces that were removed.", default={}
    )


@dataclass(frozen=True, slots=True)
class Fragment:
    """A file that `include` names: namespaces and workspaces of one team."""

    namespaces: Mapping[str, Namespace] = key(
        MapOf(SINGLE_DASH_NAME, Struct(Namespace, keyed=True)), "Namespaces, by name.", default={}
    )
    workspaces: Mapping[str, Workspace] = key(
        MapOf(NONEMPTY, Struct(Workspace, keyed=True)), "Workspaces, by name.", default={}
    )
