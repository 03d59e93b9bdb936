/** openid-client and jose, loaded on first use (see oauth.ts). */
export const oauthLibraries = () => import('./oauth.ts');
export type OAuthLibraries = Awaited<ReturnType<typeof oauthLibraries>>;
