import { beforeEach, expect, it } from "vitest";
import { identifyHost } from "../../auth/identify-host.ts";
import { AGENT_PROTOCOL_VERSION } from "../../contract/agent.ts";
import { removeHost } from "../../services/hosts/remove-host.ts";
import { enrollTestHost, TEST_EPOCH } from "../../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { Gate } from "../gate.ts";
import { agentRouter } from "./agent-router.ts";

let test: TestResources;
beforeEach(async () => {
	test = await openTestResources();
});

it("a host that is removed while it waits for news learns that it is unknown", async () => {
	const { resources } = test;
	const { enrollment } = await enrollTestHost(test, "h1", "a");
	const host = agentRouter.createCaller({
		...{
			resources,
			requestId: "r",
			address: "192.0.2.9",
			epoch: TEST_EPOCH,
			arrivedAt: resources.clock.now(),
			gate: new Gate({ places: 8, waitingMax: 8 }),
		},
		identifyHost: () => identifyHost(resources, `Bearer ${enrollment.credential}`),
	});
	const watch = (revision: number) =>
		host.watch({
			...{ protocol: AGENT_PROTOCOL_VERSION, epoch: TEST_EPOCH, notice: 0 },
			...{ revision, routeRevision: revision },
		});
	expect((await watch(-1))?.desired?.assignments).toEqual([]);
	const newest = 1_000;
	const waiting = expect(watch(newest)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
	await removeHost(resources, testCaller(), { name: "h1", lost: false });
	await waiting;
	await expect(watch(newest)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});
