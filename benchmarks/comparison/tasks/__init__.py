"""What is measured: functions of a job that return one cell's figures. They run in a contender's environment."""
