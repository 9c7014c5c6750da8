interface CountedTitleProps {
	title: string;
	/** Undefined until it is known. */
	count: number | undefined;
}

/** The title of a list, with how many there are. */
export function CountedTitle({ title, count }: CountedTitleProps) {
	return (
		<>
			{title}{" "}
			{count !== undefined && (
				<span className="font-normal text-muted tabular-nums">{count.toLocaleString("en-US")}</span>
			)}
		</>
	);
}
