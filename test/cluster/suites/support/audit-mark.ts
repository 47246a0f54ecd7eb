import { Kept } from './kept';

/** In the name of what was asked of Vault, and of an object that was written, just before the collectors were killed. */
export const auditMark = new Kept<string>('audit-mark', '95-authority');
