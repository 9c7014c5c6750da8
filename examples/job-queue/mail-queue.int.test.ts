import { expect, test } from "vitest";
import { waitUntil } from "../../e2e/fixtures/wait-until.ts";
import { startEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { createMailQueue, type Mail } from "./mail-queue.ts";

test("each mail is sent once, however often it is added and whichever try fails", async () => {
	const engine = await startEngine("valkey", "9", ["--maxmemory-policy", "noeviction"]);
	const [client, workerClient] = [openRedis(engine.port), openRedis(engine.port)];
	const sent: Mail[] = [];
	let tries = 0;
	const mails = createMailQueue(client, workerClient, async (id, mail) => {
		tries += 1;
		if (id === "m-2" && tries < 5) throw new Error("the mail server is busy");
		sent.push(mail);
	});
	try {
		for (const id of ["m-1", "m-2", "m-3", "m-1"]) {
			await mails.add(id, { to: "ada@example.com", subject: id });
		}
		await waitUntil("all to be sent", async () => (await mails.counts()).completed === 3);
		expect(sent.map(({ subject }) => subject).sort()).toEqual(["m-1", "m-2", "m-3"]);
		expect(await mails.find("m-2")).toBe("sent");
		expect(await mails.find("m-9")).toBeNull();
	} finally {
		await mails.close();
		client.disconnect();
		workerClient.disconnect();
		await engine.stop();
	}
});
