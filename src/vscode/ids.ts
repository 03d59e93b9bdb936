// Every id shared with package.json, once. test/unit/manifest.test.ts compares the two both ways.
export const extensionId = 'enterprise-mcp.enterprise-mcp';
export const commandIds = {
  signIn: 'enterpriseMcp.signIn',
  signOut: 'enterpriseMcp.signOut',
  reconnect: 'enterpriseMcp.reconnect',
  reconnectAll: 'enterpriseMcp.reconnectAll',
  turnOff: 'enterpriseMcp.turnOff',
  turnOn: 'enterpriseMcp.turnOn',
  checkNow: 'enterpriseMcp.checkNow',
  copyDetails: 'enterpriseMcp.copyDetails',
  copyAllowListEntry: 'enterpriseMcp.copyAllowListEntry',
  showLog: 'enterpriseMcp.showLog',
  openProfile: 'enterpriseMcp.openProfile',
  setClientSecret: 'enterpriseMcp.setClientSecret',
  createDeviceKey: 'enterpriseMcp.createDeviceKey',
  continueInBrowser: 'enterpriseMcp.continueInBrowser',
  signInWithCode: 'enterpriseMcp.signInWithCode',
  addServer: 'enterpriseMcp.addServer',
  addIdentityProvider: 'enterpriseMcp.addIdentityProvider',
  forgetEverything: 'enterpriseMcp.forgetEverything',
  showShadowConnections: 'enterpriseMcp.showShadowConnections',
  revocationDrill: 'enterpriseMcp.revocationDrill',
  connectClient: 'enterpriseMcp.connectClient',
  revokeClient: 'enterpriseMcp.revokeClient',
} as const;

export const viewIds = { connections: 'enterpriseMcp.connections' } as const;
export const viewContainerId = 'enterpriseMcp';
/** VS Code contributes this one for every view. */
export const showConnectionsCommand = `${viewIds.connections}.focus`;

export const statusBarItemId = 'enterpriseMcp.status';
export const authenticationProvider = { id: 'enterprise-mcp', label: 'Enterprise MCP' } as const;
export const mcpProviderId = 'enterpriseMcp';

/** Of the read-only document with a public key. */
export const deviceKeyScheme = 'enterprise-mcp-device-key';

/** Of the page with the text for another client's file. */
export const clientScheme = 'enterprise-mcp-client';

/** Of the page with a report. */
export const reportScheme = 'enterprise-mcp-report';

export const contextKeys = {
  /** core/present.ts ViewState. */
  view: 'enterpriseMcp.view',
  /** Someone is signed in. */
  signedIn: 'enterpriseMcp.signedIn',
  /** Some identity provider has nobody signed in. */
  canSignIn: 'enterpriseMcp.canSignIn',
  /** The organization lets other clients in. */
  otherClients: 'enterpriseMcp.otherClients',
} as const;

export const settingsSection = 'enterpriseMcp';
export const settingKeys = {
  profile: 'profile',
  checkIntervalMinutes: 'checkIntervalMinutes',
} as const;
