/** Tags, a line each. */
export function TagList({ tags }: { tags: readonly (readonly [key: string, value: string])[] }) {
	return (
		<dl className="flex flex-col gap-2">
			{tags.map(([key, value]) => (
				<div key={key} className="flex justify-between gap-4">
					<dt className="min-w-0 text-muted wrap-anywhere">{key}</dt>
					<dd className="min-w-0 text-right wrap-anywhere">{value}</dd>
				</div>
			))}
		</dl>
	);
}
