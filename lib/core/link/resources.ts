/** Resources of Kubernetes' own groups, as Roles name them; those it has dropped too, since charts still ask for them. */
export const RESOURCES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    '': 'bindings componentstatuses configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services users groups',
    'admissionregistration.k8s.io':
      'mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations',
    'apiextensions.k8s.io': 'customresourcedefinitions',
    'apiregistration.k8s.io': 'apiservices',
    apps: 'controllerrevisions daemonsets deployments replicasets statefulsets',
    'authentication.k8s.io': 'selfsubjectreviews tokenreviews userextras uids',
    'authorization.k8s.io':
      'localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews',
    autoscaling: 'horizontalpodautoscalers',
    batch: 'cronjobs jobs',
    'certificates.k8s.io': 'certificatesigningrequests signers clustertrustbundles',
    'coordination.k8s.io': 'leases leasecandidates',
    'discovery.k8s.io': 'endpointslices',
    'events.k8s.io': 'events',
    'networking.k8s.io': 'ingresses ingressclasses networkpolicies ipaddresses servicecidrs',
    'node.k8s.io': 'runtimeclasses',
    policy: 'poddisruptionbudgets podsecuritypolicies',
    'rbac.authorization.k8s.io': 'clusterrolebindings clusterroles rolebindings roles',
    'resource.k8s.io':
      'deviceclasses resourceclaims resourceclaimtemplates resourceslices resourceclaimparameters resourceclassparameters resourceclasses podschedulingcontexts devicetaintrules',
    'scheduling.k8s.io': 'priorityclasses',
    'storage.k8s.io':
      'csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses',
  }).map(([group, resources]) => [group, resources.split(' ')]),
);

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb */
export const VERBS: readonly string[] = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
  ...[
    'use',
    'bind',
    'escalate',
    'impersonate',
    'approve',
    'sign',
    'attest',
    'proxy',
    'post',
    'put',
    'head',
    'options',
    '*',
  ],
];

/** Parts of resources that have rights of their own. */
export const SUBRESOURCES: readonly string[] = [
  ...[
    'status',
    'scale',
    'finalizers',
    'log',
    'exec',
    'attach',
    'portforward',
    'proxy',
    'eviction',
    'binding',
    'token',
    'approval',
  ],
  ...['ephemeralcontainers', 'resize', 'finalize', 'metrics', 'stats', 'configz', 'nodes', '*'],
];
