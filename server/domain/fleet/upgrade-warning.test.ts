import { expect, test } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../../contract/agent.ts";
import { upgradeWarning } from "./upgrade-warning.ts";

test("a host whose agent has another version shows what that means and which side to upgrade", () => {
	for (const version of [null, AGENT_PROTOCOL_VERSION]) expect(upgradeWarning(version)).toBeNull();
	expect(upgradeWarning(AGENT_PROTOCOL_VERSION - 1)).toMatchObject({
		...{ code: "agent-older", severity: "info" },
		message: expect.stringContaining("Everything works."),
	});
	const foreign = { code: "agent-upgrade", severity: "warning" };
	expect(upgradeWarning(AGENT_PROTOCOL_VERSION - 2)).toMatchObject({
		...{ ...foreign, title: "needs an upgrade" },
		remedy: expect.stringMatching(/^Upgrade the agent/),
	});
	expect(upgradeWarning(AGENT_PROTOCOL_VERSION + 1)).toMatchObject({
		...{ ...foreign, title: "is newer than the control plane" },
		remedy: expect.stringMatching(/^Upgrade the control plane/),
	});
});
