/** A team runs nothing of the platform's own. */
export const images = {} as const;
