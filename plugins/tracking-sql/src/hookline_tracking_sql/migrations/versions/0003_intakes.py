"""The cursors of intakes: of the logs of what servers answered for before it was stored."""

import sqlalchemy as sa
from alembic import op

from hookline_tracking_sql.column_types import short_text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "hookline_intakes",
        sa.Column("intake_id", short_text(100), primary_key=True, nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Forget the cursors: no intake may be left that is not delivered."""
    op.drop_table("hookline_intakes")
