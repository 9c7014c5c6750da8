import { z } from "zod";
import { readFileIfExists } from "../../../platform/atomic-file.ts";
import { runCommand } from "../../bundles/run-command.ts";

const TIMEOUT_MS = 5_000;
/** Tables of the older kind, which nft doesn't list. */
const OLD_TABLES = "/proc/net/ip_tables_names";

const rulesetSchema = z.object({
	nftables: z.array(
		z.object({
			chain: z
				.object({
					family: z.string(),
					table: z.string(),
					name: z.string(),
					type: z.string().optional(),
					hook: z.string().optional(),
					policy: z.string().optional(),
				})
				.optional(),
			rule: z.unknown().optional(),
		}),
	),
});

/**
 * The table that filters what arrives at this machine; null if none does. Such a filter sees a forwarded
 * connection with the node's port, and may have been set up to let in only connections to endpoints.
 */
export async function findPacketFilter(nft: string): Promise<string | null> {
	const old = await readFileIfExists(OLD_TABLES).catch(() => null);
	if (old?.split("\n").includes("filter")) return "iptables";
	const ask = async (...what: string[]) =>
		rulesetSchema.parse(
			JSON.parse(await runCommand(nft, ["--json", "list", ...what], { timeoutMs: TIMEOUT_MS })),
		).nftables;
	for (const { chain } of await ask("chains")) {
		if (chain?.type !== "filter" || chain.hook !== "input" || chain.family === "ip6") continue;
		const { family, table, name } = chain;
		const rules = (await ask("chain", family, table, name)).filter(
			({ rule }) => rule !== undefined,
		);
		if (chain.policy === "drop" || rules.length > 0) return `${family} ${table}`;
	}
	return null;
}
