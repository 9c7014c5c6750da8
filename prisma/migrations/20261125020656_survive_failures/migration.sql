-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "formerNodeIds" JSONB,
ADD COLUMN     "lastFailover" JSONB;

-- AlterTable
ALTER TABLE "Shard" ADD COLUMN     "failoverRequestedAt" TIMESTAMP(3),
ADD COLUMN     "failoverToNodeId" TEXT;

-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "replacesNodeId" TEXT;

-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "cordoned" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "drainRequestedAt" TIMESTAMP(3),
ADD COLUMN     "lossConfirmed" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "lostAt" TIMESTAMP(3);

-- Running engines are given the user of the Sentinels.
UPDATE "Node" SET "generation" = "generation" + 1;

-- Hosts see that there is something new.
UPDATE "Host" SET "revision" = "revision" + 1;
