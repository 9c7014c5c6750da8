import { expect, test } from "vitest";
import { waitUntil } from "../../e2e/fixtures/wait-until.ts";
import { startEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { type Message, Rooms } from "./rooms.ts";

test("readers get each message once and in order, from where they had been, though it was sent twice", async () => {
	const engine = await startEngine("valkey", "9");
	const clients = [openRedis(engine.port), openRedis(engine.port), openRedis(engine.port)] as const;
	const [client, subscriber, other] = clients;
	const rooms = new Rooms(client, subscriber);
	const left = new AbortController();
	const seen: Message[] = [];
	try {
		const first = await rooms.post("lobby", "1", "ada", "hello");
		const following = rooms.follow("lobby", first, (message) => seen.push(message), left.signal);
		const elsewhere = new Rooms(other, subscriber);
		const posted = await elsewhere.post("lobby", "2", "grace", "hi, ada");
		expect(await elsewhere.post("lobby", "2", "grace", "hi, ada")).toBe(posted);
		await elsewhere.post("attic", "2", "grace", "nobody here");
		await rooms.post("lobby", "3", "ada", "nice");
		await waitUntil("both messages", () => seen.length === 2);
		expect(seen.map(({ text }) => text)).toEqual(["hi, ada", "nice"]);
		expect((await rooms.read("lobby", "0")).map(({ author }) => author)).toEqual([
			...["ada", "grace", "ada"],
		]);
		left.abort();
		await following;
	} finally {
		for (const each of clients) each.disconnect();
		await engine.stop();
	}
});
