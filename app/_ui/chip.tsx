import { Chip as HeroChip } from "@heroui/react";
import type { ReactNode } from "react";

/** A small fact beside a heading. */
export function Chip({ children, title }: { children: ReactNode; title?: string }) {
	return (
		<HeroChip
			variant="secondary"
			size="md"
			className="text-muted"
			{...(title === undefined ? {} : { title })}
		>
			<HeroChip.Label>{children}</HeroChip.Label>
		</HeroChip>
	);
}
