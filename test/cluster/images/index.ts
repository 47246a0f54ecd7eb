export { clientRoot, directoryRoot, type Tell } from './build';
export { imageFacts, isSimulated } from './recipes';
export { imageLayout } from './layout';
export { copyStore, imageStores } from './store';
