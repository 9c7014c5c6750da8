import { type AgentContext, agentCalls } from "../api/agent/agent-calls.ts";
import { Gate } from "../api/gate.ts";
import { identifyHost } from "../auth/identify-host.ts";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import type { Resources } from "../services/context.ts";
import { TEST_EPOCH } from "./test-host.ts";

/** The agent's calls, with a host's credential, as they pass through the control plane's door. */
export function agentCaller(resources: Resources, credential: string) {
	const context = (): AgentContext => ({
		...{ resources, requestId: "r", address: "192.0.2.9", epoch: TEST_EPOCH },
		...{ arrivedAt: resources.clock.now(), gate: new Gate({ places: 8, waitingMax: 8 }) },
		identifyHost: () => identifyHost(resources, `Bearer ${credential}`),
		isAwaited: () => true,
		hungUp: () => new AbortController().signal,
		noteProblem: () => {},
	});
	return {
		enrol: (said: unknown) => agentCalls.enrol(context(), said),
		watch: (said: unknown) => agentCalls.watch(context(), said),
		alert: (said: unknown) => agentCalls.alert(context(), said),
		report: (said: unknown) => agentCalls.report(context(), said),
		refuseTransfer: (said: object) =>
			agentCalls.refuseTransfer(context(), { protocol: AGENT_PROTOCOL_VERSION, ...said }),
		transfer: (said: object) =>
			agentCalls.transfer(context(), { protocol: AGENT_PROTOCOL_VERSION, ...said }),
		placed: (said: object) =>
			agentCalls.placed(context(), { protocol: AGENT_PROTOCOL_VERSION, ...said }),
	};
}
