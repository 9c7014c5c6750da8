// `npm run bench`: runs every bench:* script of package.json in turn. One that fails doesn't keep the others from running.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const failed = [];
for (const name of Object.keys(scripts).filter((each) => each.startsWith("bench:"))) {
	console.log(`\n${name}\n`);
	const { status } = spawnSync("npm", ["run", "--silent", name], { stdio: "inherit" });
	if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
	console.error(`\nFailed: ${failed.join(", ")}`);
	process.exitCode = 1;
}
