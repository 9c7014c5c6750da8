import { expect, it } from "vitest";
import { KeyedTurns } from "./keyed-turns.ts";

it("runs the work of one key in turn, that of others beside it, and remembers no key without work", async () => {
	const turns = new KeyedTurns();
	const started: string[] = [];
	const ends = new Map<string, (error?: Error) => void>();
	const begin = (key: string, name: string) =>
		turns.run(key, () => {
			started.push(name);
			return new Promise<string>((resolve, reject) =>
				ends.set(name, (error) => (error ? reject(error) : resolve(name))),
			);
		});
	const first = begin("a", "a1");
	const second = begin("a", "a2");
	const other = begin("b", "b1");
	await expect.poll(() => started).toEqual(["a1", "b1"]);
	ends.get("a1")?.(new Error("no database"));
	await expect(first).rejects.toThrow("no database");
	await expect.poll(() => started).toEqual(["a1", "b1", "a2"]);
	ends.get("a2")?.();
	ends.get("b1")?.();
	expect(await Promise.all([second, other])).toEqual(["a2", "b1"]);
	await expect.poll(() => turns.size).toBe(0);
});
