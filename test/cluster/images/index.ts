export { clientRoot, type Tell } from './build';
export { imageFacts } from './recipes';
export { copyStore, imageStore } from './store';
