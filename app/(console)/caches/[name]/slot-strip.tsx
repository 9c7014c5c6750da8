import { LIMITS } from "../../../../server/contract/limits.ts";
import { readSlots } from "../../../../server/contract/slots.ts";

/** All slots of a cluster from left to right, with those that a shard has filled in. The text beside it says the same. */
export function SlotStrip({ slots }: { slots: string | null }) {
	const ranges = readSlots(slots);
	return (
		<svg
			aria-hidden
			className="mt-1 h-1.5 w-full overflow-hidden rounded-full bg-track text-accent"
			viewBox={`0 0 ${LIMITS.clusterSlots} 1`}
			preserveAspectRatio="none"
		>
			{ranges.map(({ first, last }) => (
				<rect key={first} x={first} width={last - first + 1} height={1} fill="currentColor" />
			))}
		</svg>
	);
}
