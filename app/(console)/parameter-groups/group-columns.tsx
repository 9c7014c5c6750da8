import Link from "next/link";
import type { ParameterGroupSummary } from "../../../server/contract/parameter-group.ts";
import { familyName } from "../../_lib/engines.ts";
import { plural } from "../../_lib/format/count.ts";
import type { Column } from "../../_ui/data-table.tsx";

const CACHES_NAMED = 3;

/** The caches that use a group, the first of them by name. */
export function UsedBy({ caches }: { caches: readonly string[] }) {
	if (caches.length === 0) return <span className="text-muted">No cache</span>;
	const rest = caches.length - CACHES_NAMED;
	return (
		<span>
			{caches.slice(0, CACHES_NAMED).map((name, index) => (
				<span key={name}>
					{index > 0 && ", "}
					<Link href={`/caches/${name}`} className="hover:underline">
						{name}
					</Link>
				</span>
			))}
			{rest > 0 && <span className="text-muted"> and {plural(rest, "more", "more")}</span>}
		</span>
	);
}

export function clusterModeWord(mode: ParameterGroupSummary["clusterMode"]): string {
	if (mode === null) return "–";
	return mode === "enabled" ? "On" : "Off";
}

export const GROUP_COLUMNS: readonly Column<ParameterGroupSummary>[] = [
	{
		id: "name",
		header: "Name",
		lead: true,
		cell: (group) => (
			<span className="flex min-w-0 flex-col">
				<Link
					href={`/parameter-groups/${group.name}`}
					className="w-fit font-semibold break-all hover:underline"
				>
					{group.name}
				</Link>
				{group.description !== "" && (
					<span
						title={group.description}
						className="max-w-80 truncate text-xs font-normal text-muted"
					>
						{group.description}
					</span>
				)}
			</span>
		),
	},
	{ id: "family", header: "Family", cell: (group) => familyName(group.family) },
	{
		id: "kind",
		header: "Kind",
		cell: (group) =>
			group.isDefault ? <span className="text-muted">Default, can't change</span> : "Your own",
	},
	{ id: "mode", header: "Cluster mode", cell: (group) => clusterModeWord(group.clusterMode) },
	{ id: "caches", header: "Used by", cell: (group) => <UsedBy caches={group.caches} /> },
];
