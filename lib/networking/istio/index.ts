export * as istioCrds from './crds';
export { Istio, type IstioLogLevel, type IstioMeshProps, type IstioProps } from './istio';
