import { expect, it } from "vitest";
import { Places } from "./places.ts";

it("runs no more at a time than there are places, the newest of those that wait first", async () => {
	const places = new Places(2);
	const started: string[] = [];
	const ends = new Map<string, (error?: Error) => void>();
	const runs = ["a", "b", "c", "d"].map((name) =>
		places.run(() => {
			started.push(name);
			return new Promise<void>((resolve, reject) =>
				ends.set(name, (error) => (error ? reject(error) : resolve())),
			);
		}),
	);
	const [failing] = runs;
	expect(started).toEqual(["a", "b"]);
	ends.get("a")?.(new Error("no database"));
	await expect(failing).rejects.toThrow("no database");
	expect(started).toEqual(["a", "b", "d"]);
	ends.get("b")?.();
	await expect.poll(() => started).toEqual(["a", "b", "d", "c"]);
	ends.get("c")?.();
	ends.get("d")?.();
	await Promise.all(runs.slice(1));
	// All places are free again.
	const again = ["e", "f"].map((name) => places.run(async () => started.push(name)));
	await Promise.all(again);
	expect(started.slice(4)).toEqual(["e", "f"]);
});
