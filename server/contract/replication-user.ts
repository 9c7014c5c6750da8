/** The user that replicas log in to their primary as: it may copy all data, and nothing else. */
export const REPLICATION_USERNAME = "larder-replication";

/** The SHA-256 of this text, in hex, is that user's password. */
export function replicationPasswordText(systemPassword: string): string {
	return `replication ${systemPassword}`;
}
