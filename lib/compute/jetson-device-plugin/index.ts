export * from './jetson-device-plugin';
export { JetsonPool } from './jetson-pool';
