import type { Cache } from "../../../../../server/contract/cache-view.ts";
import type { EngineVersion } from "../../../../../server/contract/engine-version.ts";
import { OFFERED_VERSIONS } from "../../../../../server/contract/offered-versions.ts";
import { engineTitle } from "../../../../_lib/engines.ts";
import { plural } from "../../../../_lib/format/count.ts";
import type { Option } from "../../../../_ui/select-field.tsx";

/** What the cache could be upgraded to: later major versions of Valkey, and later versions of its engine that hosts have. */
export function laterEngines(
	{ engine, engineVersion }: Pick<Cache, "engine" | "engineVersion">,
	onHosts: readonly EngineVersion[],
): Option[] {
	const present = Number.parseInt(engineVersion, 10);
	const majors = OFFERED_VERSIONS.valkey.filter(
		(version) =>
			engine === "redis" || (engine === "valkey" && Number.parseInt(version, 10) > present),
	);
	const exact = onHosts.filter(
		(each) => each.engine === engine && isLater(each.version, engineVersion),
	);
	return [
		...majors.map((version) => ({
			value: `valkey ${version}`,
			label: engineTitle("valkey", version),
		})),
		...exact.map(({ version, hosts }) => ({
			value: `${engine} ${version}`,
			label: engineTitle(engine, version),
			detail: `On ${plural(hosts.length, "host")}`,
		})),
	];
}

/** By number: 9.10 is later than 9.9. */
function isLater(version: string, than: string): boolean {
	return version.localeCompare(than, "en", { numeric: true }) > 0;
}
