import { plural } from "../../../_lib/format/count.ts";
import { classNames } from "../../../_ui/class-names.ts";
import { Banner } from "../../../_ui/notices.tsx";
import type { Preview, PreviewNode } from "./preview-placement.ts";

const ROWS_SHOWN = 12;
const ZONES_SHOWN = 4;

function labelOf({ role, shard, member }: PreviewNode, shards: number): string {
	if (role === "node") return `Node ${member}`;
	const word = role === "primary" ? "Primary" : "Replica";
	if (shards > 1) return `${word} ${shard + 1}`;
	return role === "primary" ? word : `${word} ${member - 1}`;
}

interface PlacementPictureProps {
	preview: Preview;
	shards: number;
	/** Of a shard; of the cache for Memcached. */
	nodesPerShard: number;
}

/** Zones as columns, shards as rows: where the nodes are expected. */
export function PlacementPicture({ preview, shards, nodesPerShard }: PlacementPictureProps) {
	const used = preview.roomLeft.filter(({ nodes }) => nodes > 0);
	const zones = (preview.roomLeft.length <= ZONES_SHOWN ? preview.roomLeft : used)
		.map(({ zone }) => zone)
		.slice(0, ZONES_SHOWN);
	if (preview.roomLeft.length === 0) {
		return (
			<Banner tone="warning" title="No host is online">
				The cache would stay in the Creating status until a host is online.
			</Banner>
		);
	}
	const isMemcached = preview.nodes[0]?.role === "node";
	const rows = isMemcached ? rowsOfNodes(preview.nodes, zones) : rowsOfShards(preview.nodes);
	const shown = rows.slice(0, ROWS_SHOWN);
	const hidden = isMemcached ? 0 : Math.max(0, shards - ROWS_SHOWN);
	const hiddenNodes = rows.slice(ROWS_SHOWN).reduce((sum, row) => sum + row.nodes.length, 0);
	return (
		<div>
			<table
				aria-label="Expected placement by zone"
				className="-mx-1.5 w-[calc(100%+0.75rem)] table-fixed border-separate border-spacing-x-1.5 border-spacing-y-1"
			>
				<thead>
					<tr>
						{zones.map((zone) => (
							<th
								key={zone}
								scope="col"
								title={zone}
								className="truncate pb-0.5 text-left text-xs font-semibold text-muted"
							>
								{zone}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{shown.map((row) => (
						<tr key={row.id} className="align-top">
							{zones.map((zone) => (
								<td key={zone} className="p-0">
									<Cell
										nodes={row.nodes.filter(({ host }) => host.zone === zone)}
										shards={shards}
									/>
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
			{hidden > 0 && (
				<p className="mt-1.5 text-xs text-muted">
					+ {plural(hidden, "more shard")} of {plural(nodesPerShard, "node")} each
				</p>
			)}
			{isMemcached && hiddenNodes > 0 && (
				<p className="mt-1.5 text-xs text-muted">+ {plural(hiddenNodes, "more node")}</p>
			)}
			{preview.shortage !== null && (
				<div className="mt-3">
					<Banner
						tone="warning"
						title={
							preview.missing === 0
								? "No room in a second zone"
								: `No room for ${plural(preview.missing, "node")}`
						}
					>
						{preview.shortage} The cache would stay in the Creating status until memory is freed or
						a host is added.
					</Banner>
				</div>
			)}
		</div>
	);
}

interface Row {
	id: string;
	nodes: PreviewNode[];
}

function rowsOfShards(nodes: readonly PreviewNode[]): Row[] {
	const rows = new Map<number, PreviewNode[]>();
	for (const node of nodes) rows.set(node.shard, [...(rows.get(node.shard) ?? []), node]);
	return Array.from(rows, ([shard, own]) => ({ id: `shard-${shard}`, nodes: own }));
}

/** Memcached's nodes have no shards: the first node of each zone makes the first row, the second the next. */
function rowsOfNodes(nodes: readonly PreviewNode[], zones: readonly string[]): Row[] {
	const columns = zones.map((zone) => nodes.filter(({ host }) => host.zone === zone));
	const depth = Math.max(0, ...columns.map(({ length }) => length));
	return Array.from({ length: depth }, (_, row) => ({
		id: `row-${row}`,
		nodes: columns.flatMap((column) => column[row] ?? []),
	}));
}

function Cell({ nodes, shards }: { nodes: readonly PreviewNode[]; shards: number }) {
	if (nodes.length === 0) {
		return <div className="h-7.5 rounded-lg border border-dashed border-border" />;
	}
	return (
		<ul className="flex flex-col gap-1">
			{nodes.map((node) => {
				const label = labelOf(node, shards);
				return (
					<li
						key={`${node.shard}-${node.member}`}
						title={`${label} on ${node.host.name}`}
						className={classNames(
							"h-7.5 truncate rounded-lg border px-2 py-1.5 text-xs leading-4 font-semibold",
							node.role === "primary" ? "border-accent bg-accent-soft" : "border-border bg-surface",
						)}
					>
						{label}
					</li>
				);
			})}
		</ul>
	);
}
