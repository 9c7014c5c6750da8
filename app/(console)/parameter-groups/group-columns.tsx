import type { ParameterGroupSummary } from "../../../server/contract/parameter-group.ts";
import { familyName } from "../../_lib/engines.ts";
import { plural } from "../../_lib/format/count.ts";
import { PageLink } from "../../_ui/page-link.tsx";
import type { Column } from "../../_ui/table/data-table.tsx";
import { NameCell } from "../../_ui/table/name-cell.tsx";

const CACHES_NAMED = 3;

/** The caches that use a group; names the first few. */
export function UsedBy({ caches }: { caches: readonly string[] }) {
	if (caches.length === 0) return <span className="text-muted">No cache</span>;
	const rest = caches.length - CACHES_NAMED;
	return (
		<span>
			{caches.slice(0, CACHES_NAMED).map((name, index) => (
				<span key={name}>
					{index > 0 && ", "}
					<PageLink href={`/caches/${name}`} className="hover:underline">
						{name}
					</PageLink>
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
		sortValue: (group) => group.name,
		cell: (group) => (
			<NameCell
				name={group.name}
				href={`/parameter-groups/${group.name}`}
				description={group.description}
			/>
		),
	},
	{
		id: "family",
		header: "Family",
		sortValue: (group) => group.family,
		cell: (group) => familyName(group.family),
	},
	{
		id: "kind",
		header: "Kind",
		sortValue: (group) => (group.isDefault ? 1 : 0),
		cell: (group) =>
			group.isDefault ? <span className="text-muted">Default, read-only</span> : "Your own",
	},
	{ id: "mode", header: "Cluster mode", cell: (group) => clusterModeWord(group.clusterMode) },
	{
		id: "caches",
		header: "Used by",
		sortValue: (group) => group.caches.length,
		cell: (group) => <UsedBy caches={group.caches} />,
	},
];
