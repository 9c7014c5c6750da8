import { beforeEach, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../../contract/agent.ts";
import { removeHost } from "../../services/hosts/remove-host.ts";
import { agentCaller } from "../../testing/agent-caller.ts";
import { enrollTestHost, TEST_EPOCH } from "../../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";

let test: TestResources;
beforeEach(async () => {
	test = await openTestResources();
});

it("a host that is removed while it waits for news learns that it is unknown", async () => {
	const { resources } = test;
	const { enrollment } = await enrollTestHost(test, "h1", "a");
	const host = agentCaller(resources, enrollment.credential);
	const watch = (revision: number) =>
		host.watch({
			...{ protocol: AGENT_PROTOCOL_VERSION, epoch: TEST_EPOCH, notice: 0 },
			...{ revision, routeRevision: revision },
		});
	expect((await watch(-1))?.desired?.assignments).toEqual([]);
	const newest = 1_000;
	const waiting = expect(watch(newest)).rejects.toMatchObject({ code: "unauthenticated" });
	await removeHost(resources, testCaller(), { name: "h1", lost: false });
	await waiting;
	await expect(watch(newest)).rejects.toMatchObject({ code: "unauthenticated" });
});
