/**
 * Kubernetes' typed API objects (`k8s.KubeDeployment`, `k8s.PodSpec`, ...) as cdk8s-plus-27 generates them. Taken from the generated
 * file itself: the package's root would also load its high-level constructs, which nothing here uses.
 */
export * from 'cdk8s-plus-27/lib/imports/k8s';
