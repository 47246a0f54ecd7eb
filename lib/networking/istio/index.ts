export * as istioCrds from './crds';
export { Istio, type IstioLogLevel, type IstioProps } from './istio';
