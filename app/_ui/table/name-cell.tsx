import { PageLink } from "../page-link.tsx";

interface NameCellProps {
	name: string;
	href: string;
	description: string;
}

/** A row's name in one piece, and under it as much of its description as fits without widening the column. */
export function NameCell({ name, href, description }: NameCellProps) {
	return (
		<span className="flex min-w-36 flex-col">
			<PageLink href={href} className="cell-name w-fit font-semibold hover:underline">
				{name}
			</PageLink>
			{description !== "" && (
				<span
					title={description}
					className="w-0 min-w-full truncate text-xs font-normal text-muted"
				>
					{description}
				</span>
			)}
		</span>
	);
}
