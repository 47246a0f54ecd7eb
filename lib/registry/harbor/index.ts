export * from './harbor';
export { type HarborProject, type HarborProjectProps } from './project';
export { type PublicRegistry } from './public-registries';
