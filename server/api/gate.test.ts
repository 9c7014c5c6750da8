import { expect, it } from "vitest";
import { Gate } from "./gate.ts";

it("a limited number of calls run at the same time, the rest wait in order, and the excess is refused", async () => {
	const gate = new Gate({ places: 2, waitingMax: 3 });
	const begun: number[] = [];
	const end: (() => void)[] = [];
	const results = [0, 1, 2, 3, 4, 5].map((number) =>
		gate.pass(() => {
			begun.push(number);
			return new Promise<number>((resolve, reject) => {
				end[number] = number === 0 ? () => reject(new Error("failed")) : () => resolve(number);
			});
		}),
	);
	await expect(results[5]).rejects.toMatchObject({ code: "rate_limited" });
	expect(begun).toEqual([0, 1]);
	end[0]?.();
	await expect(results[0]).rejects.toThrow("failed");
	expect(begun).toEqual([0, 1, 2]);
	for (const number of [1, 2, 3, 4]) {
		end[number]?.();
		await expect(results[number]).resolves.toBe(number);
	}
	expect(begun).toEqual([0, 1, 2, 3, 4]);
	await expect(gate.pass(async () => "free again")).resolves.toBe("free again");
});
