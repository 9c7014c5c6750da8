import type { Assignment } from "../../server/contract/desired-state.ts";

type Setting = readonly [string, string | number];

/** The engine's own default: of the nodes that may lead, the one with the most data does. */
const MAY_LEAD_PRIORITY = 100;

/**
 * Only a node whose process has synced may lead (docs/decisions/0017). A replica therefore starts with a
 * priority of 0, so Sentinels skip it, and in a cluster it may not ask for votes. Its agent lets it lead once it
 * has synced. The engine holds these settings, so they end with the process and outlive the agent.
 */
export function leadSettings(
	{ cluster }: Pick<Assignment, "cluster">,
	mayLead: boolean,
): Setting[] {
	const settings: Setting[] = [["replica-priority", mayLead ? MAY_LEAD_PRIORITY : 0]];
	if (cluster !== null) settings.push(["cluster-replica-no-failover", mayLead ? "no" : "yes"]);
	return settings;
}
