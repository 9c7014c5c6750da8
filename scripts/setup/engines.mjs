import { join } from "node:path";
import process from "node:process";
import { runCommand } from "./run-command.mjs";
import { StageError } from "./stage-error.mjs";

/** The engines that `npm start` fetches before it starts: agents fetch others on first use. */
export const START_ENGINES = [
	{ name: "valkey" },
	{
		name: "haproxy",
		without:
			"Caches work, but hosts without HAProxy have no gateway, so caches have no stable endpoints.",
	},
];

/** The engines for the tests, in all versions that caches may have, and what gateways forward with. */
export const TEST_ENGINES = [{ name: "offered" }, { name: "haproxy" }, { name: "nftables" }];

/**
 * Fetches what the engine store lacks. An engine with a `without` may be missing: that sentence is printed
 * instead. Checked every time: the store belongs to the user, not to the checkout, and may have been emptied.
 */
export function enginesStage(root, engines) {
	return {
		name: "engines",
		title: "Get engines",
		after: ["engine-store"],
		async run({ detail, warn }) {
			const { ready, problems } = await ensure(root, engines, detail);
			const fatal = problems.filter(({ name }) => findWithout(engines, name) === undefined);
			if (fatal.length > 0) throw new StageError(fatal.map(({ problem }) => problem).join("\n"));
			for (const { name, problem } of problems) warn(`${findWithout(engines, name)} ${problem}`);
			return ready.map(({ name, version }) => `${name} ${version}`).join(", ");
		},
	};
}

function findWithout(engines, name) {
	return engines.find((engine) => engine.name === name)?.without;
}

async function ensure(root, engines, onDetail) {
	const ready = [];
	const problems = [];
	const wanted = engines.map(({ name }) => name);
	await runCommand(process.execPath, [join(root, "dist", "engines.mjs"), ...wanted], {
		cwd: root,
		what: "Fetching engines",
		onLine(line) {
			const said = JSON.parse(line);
			if (said.detail !== undefined) onDetail(said.detail);
			if (said.engine !== undefined) ready.push(said.engine);
			if (said.problem !== undefined) problems.push(said);
		},
	}).catch((error) => {
		if (problems.length === 0) throw error;
	});
	return { ready, problems };
}
