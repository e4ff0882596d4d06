"""The blocks of code in our documentation: read, told apart, run or validated."""
