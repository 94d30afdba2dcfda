// organization.json -> every object of every namespace, the same ones that templates/ make of org.yaml.
local org = std.parseJson(importstr 'organization.json');

local get(object, key, default) = std.get(object, key, default);
local labels = {
  'app.kubernetes.io/managed-by': 'verta-gitops',
  'verta-gitops.io/organization': org.organization.name,
};
local protection = {
  'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};
local rbac = 'rbac.authorization.k8s.io';

local clusterRole(name) =
  local role = org.roles[name];
  if std.objectHas(role, 'clusterRole') then role.clusterRole
  else if std.objectHas(role, 'rules') then 'verta-gitops:' + name
  else '';

local object(api, kind, namespace, name, annotations) = {
  apiVersion: api,
  kind: kind,
  metadata: { annotations: annotations, labels: labels, name: name, namespace: namespace },
};

local policy(namespace, name, annotations, type, rules) =
  object('networking.k8s.io/v1', 'NetworkPolicy', namespace, name, annotations) + {
    spec: { podSelector: {}, policyTypes: [type] } + rules,
  };
local ingress(namespace, name, annotations, from) =
  policy(namespace, name, annotations, 'Ingress', { ingress: [{ from: [from] }] });
local egress(namespace, name, annotations, rule) =
  policy(namespace, name, annotations, 'Egress', { egress: [rule] });
local named(namespace) = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
};
local block(network) = { ipBlock: { cidr: network } };
local port(number, protocol) = { port: number, protocol: protocol };

local binding(namespace, name, annotations, role, subject) =
  object(rbac + '/v1', 'RoleBinding', namespace, name, annotations) + {
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [subject],
  };

local limits(over, under) =
  local side(name) = get(under, name, {}) + get(over, name, {});
  local default = side('max') + side('default');
  {
    type: 'Container',
    default: default,
    defaultRequest: side('min') + default + side('defaultRequest'),
    max: side('max'),
    min: side('min'),
  };

local objects(workspaceName, workspace) =
  local name = workspace.namespace;
  local ns = org.namespaces[name];
  local tier = org.tiers[ns.tier];
  local state = get(ns, 'state', 'active');
  local network = tier.network + get(ns, 'network', {});
  local security = get(tier, 'podSecurity', 'baseline');
  local grant = { 'verta-gitops.io/origin': 'namespaces.' + name };
  local guard = protection + grant;
  local access = { 'verta-gitops.io/origin': 'workspaces.' + workspaceName + '.access' };
  local payload = std.manifestJsonEx({
    workspace: {
      name: workspaceName,
      description: workspace.description,
      namespace: org.cluster.name + '--' + name,
    },
    permissions: [
      { group: org.groups[each.group].verta, role: org.roles[each.role].verta }
      for each in workspace.access
    ],
  }, '  ') + '\n';
  [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: name,
        annotations: ns.annotations + guard + {
          'verta-gitops.io/owners': std.join(',', std.set(ns.owners)),
          'verta-gitops.io/workspace': workspaceName,
          'verta-gitops.io/workspace-digest': 'sha256:' + std.sha256(payload),
        },
        labels: ns.labels + labels + {
          ['pod-security.kubernetes.io/' + mode]: security
          for mode in ['audit', 'enforce', 'warn']
        } + {
          ['pod-security.kubernetes.io/' + mode + '-version']: 'v' + org.cluster.kubernetesVersion
          for mode in ['audit', 'enforce', 'warn']
        } + { 'verta-gitops.io/state': state, 'verta-gitops.io/tier': ns.tier },
      },
    },
    object('v1', 'ResourceQuota', name, 'quota', guard) + {
      spec: { hard: tier.quota + get(ns, 'quota', {}) + (if state == 'active' then {} else { pods: '0' }) },
    },
    object('v1', 'LimitRange', name, 'limits', guard) + {
      spec: { limits: [limits(get(ns, 'container', {}), tier.container)] },
    },
    policy(name, 'default-deny-ingress', guard, 'Ingress', {}),
    ingress(name, 'allow-same-namespace', guard, { podSelector: {} }),
    ingress(name, 'allow-from-verta', guard, named(org.verta.primaryNamespace)),
  ] + [
    ingress(name, 'allow-from-namespace-' + peer, grant, named(peer))
    for peer in get(network, 'allowFrom', [])
  ] + (if network.egress == 'open' then [] else [
    policy(name, 'default-deny-egress', guard, 'Egress', {}),
    egress(name, 'allow-egress-same-namespace', guard, { to: [{ podSelector: {} }] }),
    egress(name, 'allow-egress-to-verta', guard, { to: [named(org.verta.primaryNamespace)] }),
    egress(name, 'allow-egress-to-dns', guard, {
      ports: [port(53, 'UDP'), port(53, 'TCP')],
      to: [named('kube-system'), block('169.254.20.10/32')],
    }),
    egress(name, 'allow-egress-to-api-server', guard, {
      ports: [port(443, 'TCP'), port(6443, 'TCP')],
      to: [block(network) for network in org.cluster.apiServer],
    }),
  ] + (if std.objectHas(network, 'allowTo') then [
    egress(name, 'allow-egress-to-networks', grant, { to: [block(to) for to in network.allowTo] }),
  ] else [])) + [
    binding(name, 'deployer:' + org.verta.deployer.clusterRole, guard, org.verta.deployer.clusterRole, {
      kind: 'ServiceAccount',
      name: org.verta.deployer.serviceAccount,
      namespace: org.verta.deployer.namespace,
    }),
  ] + [
    binding(name, 'access:' + each.group + ':' + clusterRole(each.role), access, clusterRole(each.role), {
      apiGroup: rbac,
      kind: 'Group',
      name: org.groups[each.group].subject,
    })
    for each in workspace.access
    if clusterRole(each.role) != ''
  ] + [
    object('v1', 'ConfigMap', name, 'verta-workspace', protection + {
      'verta-gitops.io/origin': 'workspaces.' + workspaceName,
      'verta-gitops.io/workspace': workspaceName,
    }) + {
      metadata+: { labels+: { 'verta-gitops.io/kind': 'workspace' } },
      data: {
        'workspace.json': payload,
      },
    },
  ];

std.flattenArrays([objects(name, org.workspaces[name]) for name in std.objectFields(org.workspaces)])
