export { clientRoot, directoryRoot, type Tell } from './build';
export { imageFacts, isSimulated } from './recipes';
export { copyStore, imageStore } from './store';
