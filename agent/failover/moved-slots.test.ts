import { expect, test } from "vitest";
import { untilAware } from "./moved-slots.ts";
import type { ShardMember } from "./shard-member.ts";

const [PRIMARY, REPLICA, RECEIVER] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const line = (id: string, port: number, rest: string) =>
	`${id} 127.0.0.1:${port}@${port + 10_000} ${rest}`;

/** The shard of a primary with slots 0-99 as its replica sees it, and a primary to which it hands slots over. */
function scene(receives: string, answers = true) {
	let believed = "0-99";
	let asked = 0;
	const replica = {
		name: "orders-0001-002",
		command: async () => {
			asked += 1;
			return [
				line(REPLICA, 7_001, `myself,slave ${PRIMARY} 0 0 1 connected`),
				line(PRIMARY, 7_000, `master - 0 0 1 connected ${believed}`),
			].join("\n");
		},
	};
	const receiver = {
		name: "orders-0002-001",
		read: async () => (answers ? { isPrimary: true } : null),
		command: async () => line(RECEIVER, 7_002, `myself,master - 0 0 2 connected ${receives}`),
	};
	return {
		aware: (withinMs: number) =>
			untilAware(replica as unknown as ShardMember, [receiver as unknown as ShardMember], withinMs),
		hears: (slots: string) => {
			believed = slots;
		},
		asked: () => asked,
	};
}

test("a replica that hasn't heard of a slot's new owner doesn't take over", async () => {
	const { aware } = scene("90-99 200-299");
	expect(await aware(20)).toBe(
		"orders-0001-002 hasn't heard yet that orders-0002-001 has slots 90-99",
	);
});

test("it takes over as soon as it has heard", async () => {
	const { aware, hears, asked } = scene("90-99");
	const answer = aware(60_000);
	while (asked() < 2) await new Promise(setImmediate);
	hears("0-89");
	expect(await answer).toBeNull();
});

test("nothing is waited for if nothing has moved, or if the new owner doesn't answer", async () => {
	expect(await scene("200-299").aware(0)).toBeNull();
	expect(await scene("90-99", false).aware(0)).toBeNull();
});
