import type { Operation } from "../../../../server/contract/operation.ts";
import {
	commonSlots,
	formatSlots,
	readSlots,
	withoutSlots,
} from "../../../../server/contract/slots.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatCount, plural } from "../../../_lib/format/count.ts";
import { UsageBar } from "../../../_ui/usage-bar.tsx";

/** Further moves are only counted. */
const MOVES_SHOWN = 8;

type Move = Operation["moves"][number];

/** The slots that a shard keeps, gains and gives up while a change moves slots. */
export function slotsInMotion(shard: { id: string; slots: string | null }, moves: readonly Move[]) {
	const own = readSlots(shard.slots);
	const leaving = moves
		.filter(({ from }) => from === shard.id)
		.flatMap(({ ranges }) => commonSlots(own, readSlots(ranges)));
	const arriving = moves
		.filter(({ to }) => to === shard.id)
		.flatMap(({ ranges }) => withoutSlots(readSlots(ranges), own));
	return {
		kept: formatSlots(withoutSlots(own, leaving)),
		going: formatSlots(leaving),
		coming: formatSlots(arriving),
	};
}

/** "0003" → "Shard 3" */
export function shardTitle(id: string): string {
	return `Shard ${Number(id)}`;
}

/** The moves between shards, and how far along each is. */
export function SlotMoves({ moves }: { moves: readonly Move[] }) {
	if (moves.length === 0) return null;
	const hidden = moves.length - MOVES_SHOWN;
	return (
		<section aria-label="Slots being moved" className="mt-4 border-t border-separator pt-3">
			<h3 className="text-[0.8125rem] font-semibold">Slots being moved</h3>
			<ul className="mt-2 flex flex-col gap-2.5">
				{moves.slice(0, MOVES_SHOWN).map((move) => (
					<MoveRow key={`${move.from} ${move.to}`} move={move} />
				))}
			</ul>
			{hidden > 0 && <p className="mt-2 text-xs text-muted">+ {plural(hidden, "more move")}</p>}
		</section>
	);
}

function MoveRow({ move: { from, to, slots, keys, bytes } }: { move: Move }) {
	const share = slots.total === 0 ? 1 : slots.moved / slots.total;
	const way = `${shardTitle(from)} → ${shardTitle(to)}`;
	return (
		<li className="text-[0.8125rem] tabular-nums">
			<div className="flex flex-wrap items-baseline justify-between gap-x-3">
				<span className="font-medium">{way}</span>
				<span className="text-xs text-muted">
					{Math.floor(share * 100)}% · {slots.moved} of {slots.total} slots
					{keys !== null && keys > 0 && (
						<span title="Estimated from what the shard held at the start">
							{" "}
							· about {formatCount(Math.round(keys * share))} of {formatCount(keys)} keys
							{bytes !== null && ` (${formatBytes(bytes * share)} of ${formatBytes(bytes)})`}
						</span>
					)}
				</span>
			</div>
			<div className="mt-1">
				<UsageBar label={`Slots from ${way}`} used={slots.moved} total={slots.total} />
			</div>
		</li>
	);
}
