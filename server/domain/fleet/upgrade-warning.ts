import { AGENT_PROTOCOL_VERSION, AGENT_PROTOCOLS, isSpoken } from "../../contract/agent.ts";
import type { HostWarning } from "../../contract/host.ts";

/** What an agent's version of the protocol means for its host; null if it is this control plane's, or unknown. */
export function upgradeWarning(protocol: number | null): HostWarning | null {
	if (protocol === null || protocol === AGENT_PROTOCOL_VERSION) return null;
	if (isSpoken(protocol)) {
		return {
			...{ code: "agent-older", severity: "info", title: "older agent", command: null },
			message: `The agent speaks version ${protocol} of the agent protocol, one before this control plane's. Everything works.`,
			remedy: "Upgrade the agent before the next upgrade of the control plane (docs/upgrade.md).",
		};
	}
	return {
		...{ code: "agent-upgrade", severity: "warning", command: null },
		...describeForeign(protocol),
	};
}

/** Why an agent and this control plane don't understand each other, and what to do. `title` follows the host's name. */
export function describeForeign(protocol: number): {
	title: string;
	message: string;
	remedy: string;
} {
	const isOlder = protocol < AGENT_PROTOCOL_VERSION;
	const spoken = AGENT_PROTOCOLS.join(" and ");
	const meaning =
		"The host's engines keep serving and fail over by themselves, but Larder can't see or change them.";
	return {
		title: isOlder ? "needs an upgrade" : "is newer than the control plane",
		message: `The agent speaks version ${protocol} of the agent protocol, and this control plane speaks ${spoken}. ${meaning}`,
		remedy: isOlder
			? "Upgrade the agent: start the control plane's version of Larder on the host (docs/upgrade.md)."
			: "Upgrade the control plane to the agent's version of Larder: the control plane comes first in every upgrade (docs/upgrade.md).",
	};
}
