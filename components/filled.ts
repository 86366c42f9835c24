/** Options with every default filled in: none is left out, and none is undefined. */
export type Filled<Options> = { readonly [Key in keyof Options]-?: Exclude<Options[Key], undefined> };
