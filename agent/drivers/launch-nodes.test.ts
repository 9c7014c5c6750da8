import { expect, test } from "vitest";
import { checkNodesFile, withOneShardId, withoutClaims } from "./launch-nodes.ts";

const SELF = "a".repeat(40);
const OTHER = "b".repeat(40);
const FILE = [
	`${OTHER} 10.0.0.2:7002@17002,,tls-port=0,shard-id=${"c".repeat(40)} master - 0 1764400000000 3 connected 0-5460 [93->-${SELF}]`,
	`${SELF} 10.0.0.1:7001@17001,,tls-port=0,shard-id=${"c".repeat(40)} myself,slave ${OTHER} 0 0 3 connected`,
	"vars currentEpoch 3 lastVoteEpoch 0",
	"",
].join("\n");

test("an engine's own file that identifies the node can be used", () => {
	expect(checkNodesFile(FILE, SELF)).toBeNull();
	expect(checkNodesFile(FILE, OTHER)).toBe("another-node");
});

test.each([
	["empty", ""],
	["half", FILE.slice(0, FILE.length / 2)],
	["without its last line", FILE.replace(/vars.*\n/, "")],
	["without the node itself", FILE.replace("myself,", "")],
	["garbage", "\0\0\0ÿ garbage\n"],
	["garbage in front", `${"\0".repeat(512)}${FILE}`],
	["garbage between", FILE.replace(`\n${SELF}`, `\n#!?\n${SELF}`)],
])("an engine's own file can't be used: %s", (_, text) => {
	expect(checkNodesFile(text, SELF)).toBe("damaged");
});

test("replicas get the shard id of their primaries, and all else stays as the engine wrote it", () => {
	expect(withOneShardId(FILE)).toBe(FILE);
	const apart = FILE.replace(
		`shard-id=${"c".repeat(40)} myself`,
		`shard-id=${"d".repeat(40)} myself`,
	);
	expect(apart).not.toBe(FILE);
	expect(withOneShardId(apart)).toBe(FILE);
	const old = FILE.replaceAll(/,,tls-port=0,shard-id=\w+/g, "");
	expect(withOneShardId(old)).toBe(old);
});

test("a node that starts again claims nothing that its successor has, and no slots that were arriving", () => {
	const self = (slots: string) =>
		`${SELF} 10.0.0.1:7001@17001 myself,master - 0 0 3 connected${slots}`;
	const file = (slots: string) => [FILE.split("\n")[0], self(slots), "vars …", ""].join("\n");
	const full = file(` 0-99 200 [93->-${OTHER}] [300-<-${OTHER}]`);
	expect(withoutClaims(full, true)).toBe(file(` 0-99 200 [93->-${OTHER}]`));
	expect(withoutClaims(full, false)).toBe(file(""));
});
