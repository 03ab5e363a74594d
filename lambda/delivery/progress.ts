/** How far a build, its approval and its release are. */
export type Progress =
  | { readonly state: 'Building' | 'WaitingForApproval' | 'Releasing' }
  /** Nothing had to be built or released. */
  | { readonly state: 'Unchanged'; readonly reason: string }
  | { readonly state: 'Released'; readonly artifact: string }
  | { readonly state: 'Failed'; readonly error: string; readonly reason: string };
