export { type BfdProps, type BgpSessionProps, type L2Props } from './announcements';
export * as metallbCrds from './crds';
export * as frrK8sCrds from './frr-k8s-crds';
export { type LogLevel as MetalLBLogLevel, MetalLB, type MetalLBProps } from './metallb';
