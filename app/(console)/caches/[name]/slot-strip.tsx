import { LIMITS } from "../../../../server/contract/limits.ts";
import { readSlots } from "../../../../server/contract/slots.ts";
import { classNames } from "../../../_ui/class-names.ts";

interface SlotStripProps {
	/** Slots that the shard has and keeps. */
	kept: string | null;
	/** Slots that it gains. */
	coming?: string;
	/** Slots that it has and gives up. */
	going?: string;
	/** Slots are moving now. */
	isLive?: boolean;
}

/** All slots of a cluster from left to right, with a shard's filled in. The text beside it says the same. */
export function SlotStrip({ kept, coming = "", going = "", isLive = false }: SlotStripProps) {
	const motion = isLive ? "motion-safe:animate-pulse" : "";
	return (
		<svg
			aria-hidden
			className="mt-1 h-1.5 w-full overflow-hidden rounded-full bg-track"
			viewBox={`0 0 ${LIMITS.clusterSlots} 1`}
			preserveAspectRatio="none"
		>
			<Ranges slots={kept} className="text-accent" />
			<Ranges slots={going} className={classNames("text-warning", motion)} />
			<Ranges slots={coming} className={classNames("text-success", motion)} />
		</svg>
	);
}

function Ranges({ slots, className }: { slots: string | null; className: string }) {
	return readSlots(slots).map(({ first, last }) => (
		<rect
			key={first}
			x={first}
			width={last - first + 1}
			height={1}
			fill="currentColor"
			className={className}
		/>
	));
}
