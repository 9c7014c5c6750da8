/** Numbers of PostgreSQL's advisory locks, which all users of a database share: each must be different. */
export const ADVISORY_LOCK = {
	/** Only one control plane may use the database. */
	controlPlane: 7_220_640,
	/** Only one first administrator may be created. */
	setUp: 7_220_641,
	/** Only one transaction at a time may check that another administrator remains. */
	users: 7_220_642,
} as const;
